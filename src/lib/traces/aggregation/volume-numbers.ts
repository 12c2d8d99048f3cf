/** Numbers for the names of volumes, from 0 on in the order in which they come up. */
export class VolumeNumbers {
  readonly names: string[] = [];
  private readonly numbers = new Map<string, number>();

  /** The number of a volume, a new one for a new name. */
  readonly indexOf = (name: string): number => {
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    const number = this.names.push(name) - 1;
    this.numbers.set(name, number);
    return number;
  };
}

/** The number of a volume by its name without a prefix that all names of an input have. */
export function numberUnder(prefix: string, indexOf: (name: string) => number): (name: string) => number {
  return prefix === '' ? indexOf : (name) => indexOf(`${prefix}${name}`);
}
