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
    const shapes = [
      plain,
      encodeURIComponent(plain),
      JSON.stringify(plain).slice(1, -1),
      Buffer.from(plain).toString('base64'),
    ];
    for (const shape of shapes) clean = clean.split(shape).join(HIDDEN);
  }
  return clean;
}
