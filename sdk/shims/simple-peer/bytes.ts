/**
 * Stands in for `uint8-util`, with the three functions that `simple-peer` uses. The package relies on
 * `Uint8Array.prototype.toHex`, which webviews older than 2025 lack.
 */
export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function arr2hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function text2arr(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
