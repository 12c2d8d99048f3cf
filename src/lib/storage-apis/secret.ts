/** A text that no log, JSON or error shows: only `reveal` gives it, to the request that needs it. */
export interface Secret {
  reveal(): string;
}

const HIDDEN = '[secret]';

/** Seals a text. */
export function sealSecret(text: string): Secret {
  return {
    reveal: () => text,
    ...{
      toJSON: () => HIDDEN,
      toString: () => HIDDEN,
      [Symbol.for('nodejs.util.inspect.custom')]: () => HIDDEN,
    },
  };
}

/** The text without any of the secrets, also as they look in a URL, in base64 or in JSON. */
export function redact(text: string, secrets: readonly (Secret | undefined)[]): string {
  let clean = text;
  for (const secret of secrets) {
    const plain = secret?.reveal() ?? '';
    if (plain === '') continue;
    // Its end may be missing, or encoded in its turn.
    const base64 = Buffer.from(plain).toString('base64').replace(/=+$/, '');
    const shapes = [
      ...[plain, encodeURIComponent(plain), JSON.stringify(plain).slice(1, -1)],
      ...[base64, encodeURIComponent(base64), Buffer.from(plain).toString('base64url')],
    ];
    for (const shape of shapes) clean = clean.split(shape).join(HIDDEN);
  }
  return clean;
}
