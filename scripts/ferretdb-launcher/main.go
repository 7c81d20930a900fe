// A test server that speaks MongoDB's protocol: FerretDB on SQLite files.
//
//	ferretdb ADDRESS DIRECTORY
//
// It listens on ADDRESS, keeps its data below DIRECTORY and writes its process id to DIRECTORY/ferretdb.pid.
//
// FerretDB reads the documents of an update and writes them back without a transaction around both, so that two
// updates at once may lose one. MongoDB does each as one step, and callers rely on it. Therefore clients talk to a
// door in front, which lets one command through at a time.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
)

const (
	headerBytes     = 16
	messageBytesMax = 48 << 20
	opMsg           = 2013
	moreToCome      = 1 << 1
	startTime       = 30 * time.Second
)

func main() {
	if len(os.Args) != 3 {
		fail(errors.New("usage: ferretdb ADDRESS DIRECTORY"))
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "ferretdb:", err)
	os.Exit(1)
}

func run(address, directory string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	socket := filepath.Join(directory, "ferretdb.sock")
	if err := os.RemoveAll(socket); err != nil {
		return err
	}
	database, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Handler:   "sqlite",
		SQLiteURL: "file:" + directory + "/",
	})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- database.Run(ctx) }()
	if err := waitFor(ctx, socket); err != nil {
		return err
	}
	door, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	pidFile := filepath.Join(directory, "ferretdb.pid")
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return err
	}
	defer os.Remove(pidFile)
	go accept(door, socket)
	return <-ended
}

func waitFor(ctx context.Context, socket string) error {
	deadline := time.Now().Add(startTime)
	for {
		connection, err := net.Dial("unix", socket)
		if err == nil {
			return connection.Close()
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func accept(door net.Listener, socket string) {
	for {
		client, err := door.Accept()
		if err != nil {
			fail(err)
		}
		go serve(client, socket)
	}
}

// One command at a time, over all connections.
var turn sync.Mutex

func serve(client net.Conn, socket string) {
	defer client.Close()
	server, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		request, err := readMessage(client)
		if err != nil {
			return
		}
		reply, err := exchange(server, request)
		if err != nil {
			return
		}
		if _, err := client.Write(reply); err != nil {
			return
		}
	}
}

func exchange(server net.Conn, request []byte) ([]byte, error) {
	turn.Lock()
	defer turn.Unlock()
	if _, err := server.Write(request); err != nil {
		return nil, err
	}
	if isUnanswered(request) {
		return nil, nil
	}
	return readMessage(server)
}

func isUnanswered(request []byte) bool {
	if len(request) < headerBytes+4 || binary.LittleEndian.Uint32(request[12:]) != opMsg {
		return false
	}
	return binary.LittleEndian.Uint32(request[headerBytes:])&moreToCome != 0
}

func readMessage(from io.Reader) ([]byte, error) {
	header := make([]byte, headerBytes)
	if _, err := io.ReadFull(from, header); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(header)
	if length < headerBytes || length > messageBytesMax {
		return nil, fmt.Errorf("a message of %d bytes", length)
	}
	message := append(header, make([]byte, length-headerBytes)...)
	_, err := io.ReadFull(from, message[headerBytes:])
	return message, err
}
