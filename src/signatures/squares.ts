/** Whether a number that is not negative is the square modulo an odd prime of another than zero: Euler's criterion. */
export function isSquare(value: bigint, prime: bigint): boolean {
  return power(value % prime, (prime - 1n) / 2n, prime) === 1n;
}

function power(base: bigint, exponent: bigint, prime: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % prime) {
    if (rest & 1n) result = (result * square) % prime;
  }
  return result;
}
