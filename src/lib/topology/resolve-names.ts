import {type Diagnostic, nearestName, parseBytes} from '../core/index.js';
import type {Located} from './raw-topology.js';

/** Unique names of one sort, in the order they were added. */
export interface NameTable {
  /** The name, or undefined and a fault when it is missing or was there before. */
  add(name: Located | undefined, at: string): string | undefined;
  /** The name's index as a list of one; an empty list and a fault when it is not known. */
  find(name: Located, sentence: string): number[];
}

/** A table of names called `what` in its faults, with those already known. */
export function createNameTable(what: string, faults: Diagnostic[], known: Iterable<string> = []): NameTable {
  const indexOf = new Map<string, number>();
  const statedAt: string[] = [];
  const insert = (name: string, at: string): void => {
    indexOf.set(name, indexOf.size);
    statedAt.push(at);
  };
  const fault = (code: string, at: string, message: string, advice: string): void => {
    faults.push({severity: 'error', code, at, message, advice});
  };
  for (const name of known) insert(name, '');
  return {
    add: (name, at) => {
      if (name === undefined || name.text === '') {
        fault('no-name', at, `the ${what} has no id`, 'give it an id');
        return undefined;
      }
      const first = statedAt[indexOf.get(name.text) ?? -1];
      if (first !== undefined) {
        const also = first === '' ? '' : `, first at ${first}`;
        fault(
          'duplicate-id',
          name.at,
          `${what} ${JSON.stringify(name.text)} is there twice${also}`,
          'rename one of them',
        );
        return undefined;
      }
      insert(name.text, name.at);
      return name.text;
    },
    find: (name, sentence) => {
      const index = indexOf.get(name.text);
      if (index !== undefined) return [index];
      const nearest = nearestName(name.text, indexOf.keys());
      const some = [...indexOf.keys()].slice(0, 5).join(', ');
      const advice =
        nearest === undefined ? `there are ${some || 'none'}` : `did you mean ${JSON.stringify(nearest)}?`;
      const code = `unknown-${what.replaceAll(' ', '-')}`;
      fault(code, name.at, `${sentence} ${what} ${JSON.stringify(name.text)}, which is not known`, advice);
      return [];
    },
  };
}

/** Bytes of a quantity; 0 and a fault when it is missing, negative or not one. */
export function readQuantity(
  stated: Located | undefined,
  field: string,
  owner: {readonly at: string; readonly id: Located | undefined},
  faults: Diagnostic[],
): number {
  const bytes = stated && parseBytes(stated.text);
  if (bytes !== undefined) return bytes;
  const name = owner.id ? ` of ${JSON.stringify(owner.id.text)}` : '';
  const isNegative = stated?.text.trim().startsWith('-') ?? false;
  const problem = isNegative ? 'is negative' : 'is not a quantity of bytes';
  faults.push({
    severity: 'error',
    code: isNegative ? 'negative-quantity' : 'bad-quantity',
    at: stated?.at ?? owner.at,
    message: `${field}${name} ${stated === undefined ? 'is missing' : `${problem}: ${JSON.stringify(stated.text)}`}`,
    advice: 'write a number of bytes or one with a unit, such as 7.68TB or 2TiB',
  });
  return 0;
}
