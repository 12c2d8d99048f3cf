/** The values as base64 of little-endian 64-bit floats: exact, and a third of the length of decimal digits. */
export function encodeFloat64(values: Float64Array): string {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries()) bytes.writeDoubleLE(value, index * 8);
  return bytes.toString('base64');
}

/** What `encodeFloat64` wrote; undefined when the text is not whole values. */
export function decodeFloat64(text: string): Float64Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 8 !== 0) return undefined;
  return Float64Array.from({length: bytes.length / 8}, (_, index) => bytes.readDoubleLE(index * 8));
}

/** The same for 32-bit floats, which network weights are. */
export function encodeFloat32(values: Float32Array): string {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}

/** What `encodeFloat32` wrote; undefined when the text is not whole values. */
export function decodeFloat32(text: string): Float32Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length % 4 !== 0) return undefined;
  return Float32Array.from({length: bytes.length / 4}, (_, index) => bytes.readFloatLE(index * 4));
}
