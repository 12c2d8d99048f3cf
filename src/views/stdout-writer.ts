/**
 * Writes to standard output. Each write resolves when the reader took the bytes, which may be changed then: true, or
 * false when there is no reader any more.
 */
export function stdoutWriter(): (bytes: Uint8Array) => Promise<boolean> {
  // The write's callback tells it; without a listener the event would end the process.
  process.stdout.on('error', () => undefined);
  return (bytes) =>
    new Promise((resolve, reject) => {
      process.stdout.write(bytes, (error) => {
        if (!error) resolve(true);
        else if ('code' in error && error.code === 'EPIPE') resolve(false);
        else reject(error);
      });
    });
}
