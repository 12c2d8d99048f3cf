import {createHash} from 'node:crypto';

import type {ContentMark} from './activity.js';
import type {KnownContent} from './ingest-sink.js';
import {type InputSource, openContent} from './reading/content.js';

/** By so many bytes at its beginning content is told from other content; traces begin with a time or an address. */
const HEAD_BYTES = 4096;

/** What the beginning of content is known by. */
export function headOf(beginning: Uint8Array): Pick<ContentMark, 'headBytes' | 'headSha256'> {
  const head = beginning.subarray(0, HEAD_BYTES);
  return {headBytes: head.length, headSha256: createHash('sha256').update(head).digest('hex')};
}

/** The first bytes of an input's content, as many as tell it from other content. Throws as openContent does. */
export async function readHead(source: InputSource): Promise<Uint8Array> {
  const {chunks} = await openContent(source);
  let head: Uint8Array = new Uint8Array(0);
  for await (const {bytes, start, end} of chunks) {
    head = Buffer.concat([head, bytes.subarray(start, end)]);
    if (head.length >= HEAD_BYTES) break;
  }
  return head.subarray(0, HEAD_BYTES);
}

/** Whether content that begins like this may go on as what is known. */
export function beginsAs({headBytes, headSha256}: ContentMark, beginning: Uint8Array): boolean {
  return headBytes <= beginning.length && headOf(beginning.subarray(0, headBytes)).headSha256 === headSha256;
}

/**
 * Follows content while it is read, and says where it is what a store knows already. Content is known by the hash of
 * all of it from its beginning up to a mark; a part of a stream is only looked for behind the part before it.
 */
export class ContentTrail {
  /** Bytes seen so far. */
  seenBytes = 0;
  private readonly hash = createHash('sha256');
  private readonly identify: (contentSha256: string) => string;
  private head: Uint8Array = new Uint8Array(0);
  /** Seen, not hashed yet: they belong to a row that is not whole. */
  private rest: Uint8Array = new Uint8Array(0);
  /** What may still be ahead, nearest first. */
  private ahead: readonly KnownContent[];
  private readonly matchedBytes = new Set([0]);

  /** `identify` makes an input's identity of the hash of its content. */
  constructor(known: readonly KnownContent[], identify: (contentSha256: string) => string) {
    this.ahead = [...known].sort((left, right) => left.bytes - right.bytes);
    this.identify = identify;
  }

  /** Takes note of content, of which the last `pendingBytes`, together with what was seen before, are not parsed yet. */
  add(content: Uint8Array, pendingBytes: number): void {
    this.seenBytes += content.length;
    if (this.head.length < HEAD_BYTES) this.lengthenHead(content);
    const all = this.rest.length === 0 ? content : Buffer.concat([this.rest, content]);
    const parsed = all.length - pendingBytes;
    this.hash.update(all.subarray(0, parsed));
    this.rest = new Uint8Array(all.subarray(parsed));
  }

  /** Where the nearest content that may be known ends; undefined when what comes is new. */
  nextBytes(): number | undefined {
    return this.ahead[0]?.bytes;
  }

  /** The part of a stream in the middle of which this content is, by its beginning and the parts before. */
  partAhead(): KnownContent | undefined {
    return this.ahead.find(
      ({fromBytes, headBytes}) => fromBytes !== undefined && headBytes <= this.head.length,
    );
  }

  /** To be asked at `nextBytes`: what is known to end here, if it is this content. */
  match(): KnownContent | undefined {
    const identity = this.identify(this.wholeSha256());
    const here = this.ahead.filter(({bytes}) => bytes === this.seenBytes);
    const found = here.find(({identitySha256}) => identitySha256 === identity);
    if (found !== undefined) this.matchedBytes.add(this.seenBytes);
    this.ahead = this.ahead.filter((known) => known.bytes > this.seenBytes && this.follows(known));
    return found;
  }

  /** A mark at the end of what was parsed, and what identifies the content up to there. */
  markParsed(end: ContentMark['end'], fromBytes: number): {mark: ContentMark; contentSha256: string} {
    const bytes = this.seenBytes - this.rest.length;
    const mark = {bytes, ...headOf(this.head.subarray(0, bytes)), end, fromBytes};
    return {mark, contentSha256: this.hash.copy().digest('hex')};
  }

  /** The same at the end of what was seen. */
  markSeen(end: ContentMark['end'], fromBytes: number): {mark: ContentMark; contentSha256: string} {
    const mark = {bytes: this.seenBytes, ...headOf(this.head), end, fromBytes};
    return {mark, contentSha256: this.wholeSha256()};
  }

  private wholeSha256(): string {
    return this.hash.copy().update(this.rest).digest('hex');
  }

  private follows({fromBytes = 0}: KnownContent): boolean {
    return fromBytes > this.seenBytes || this.matchedBytes.has(fromBytes);
  }

  private lengthenHead(content: Uint8Array): void {
    this.head = new Uint8Array(Buffer.concat([this.head, content.subarray(0, HEAD_BYTES)])).slice(
      0,
      HEAD_BYTES,
    );
    this.ahead = this.ahead.filter(
      (known) => known.headBytes > this.head.length || beginsAs(known, this.head),
    );
  }
}
