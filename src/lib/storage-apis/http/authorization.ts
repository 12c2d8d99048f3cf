import type {Credentials} from '../access.js';
import {type Secret, sealSecret} from '../secret.js';

/** The header that says who we are, and everything in it that no error may show. */
export interface Authorization {
  readonly headers: Readonly<Record<string, string>>;
  readonly secrets: readonly (Secret | undefined)[];
}

/** A token as Bearer (RFC 6750), else user and password as Basic (RFC 7617), else nothing. */
export function authorization({user, password, token}: Credentials): Authorization {
  if (token !== undefined)
    return {headers: {authorization: `Bearer ${token.reveal()}`}, secrets: [token, password]};
  if (user === undefined || password === undefined) return {headers: {}, secrets: [password]};
  const pair = `${user}:${password.reveal()}`;
  const headers = {authorization: `Basic ${Buffer.from(pair).toString('base64')}`};
  return {headers, secrets: [sealSecret(pair), password]};
}
