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

/** The number of a volume by the name that its input has for it. */
export function numberAs(
  nameOf: ((name: string) => string) | undefined,
  indexOf: (name: string) => number,
): (name: string) => number {
  return nameOf === undefined ? indexOf : (name) => indexOf(nameOf(name));
}
