/** Where the page for people is. In a file of its own, for those who name it without loading the server. */
export const REFERENCE_PATH = "/docs";
