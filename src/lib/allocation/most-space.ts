import type {HostSet} from '../topology/index.js';

/** The first of those places of a set that have the most space, at least 0; -1: there is none. */
export function mostIn(free: Float64Array, places: HostSet): number {
  let best = -1;
  let most = -1;
  for (let word = 0; word < places.length; word += 1) {
    for (let rest = places[word] ?? 0; rest !== 0; rest &= rest - 1) {
      const place = word * 32 + 31 - Math.clz32(rest & -rest);
      if ((free[place] ?? -1) <= most) continue;
      best = place;
      most = free[place] ?? 0;
    }
  }
  return best;
}

/** Places by how much space they have left, the most first; equal ones by index. */
export interface MostSpace {
  /** The place with the most space among those that `mayUse` allows, taken out until it is put back; -1: none. */
  take(mayUse: (place: number) => boolean): number;
  /** After the space of the place has changed. */
  putBack(place: number): void;
}

/** A binary heap over `free`, whose values may change only while their place is taken out. */
export function rankBySpace(free: Float64Array): MostSpace {
  const heap = Int32Array.from(free.keys()).sort((left, right) => (isAhead(free, left, right) ? -1 : 1));
  const passedOver: number[] = [];
  let size = heap.length;

  const sink = (place: number): void => {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && isAhead(free, heap[child + 1] ?? 0, heap[child] ?? 0)) child += 1;
      if (isAhead(free, place, heap[child] ?? 0)) break;
      heap[at] = heap[child] ?? 0;
      at = child;
    }
    heap[at] = place;
  };
  const putBack = (place: number): void => {
    let at = size;
    size += 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (isAhead(free, heap[parent] ?? 0, place)) break;
      heap[at] = heap[parent] ?? 0;
      at = parent;
    }
    heap[at] = place;
  };
  const takeFirst = (): number => {
    const first = heap[0] ?? 0;
    size -= 1;
    if (size > 0) sink(heap[size] ?? 0);
    return first;
  };
  return {
    putBack,
    take: (mayUse) => {
      let found = -1;
      while (size > 0 && found < 0) {
        const first = takeFirst();
        if (mayUse(first)) found = first;
        else passedOver.push(first);
      }
      for (const place of passedOver.splice(0)) putBack(place);
      return found;
    },
  };
}

function isAhead(free: Float64Array, left: number, right: number): boolean {
  const difference = (free[left] ?? 0) - (free[right] ?? 0);
  return difference > 0 || (difference === 0 && left < right);
}
