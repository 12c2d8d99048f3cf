import {spawn} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import {Readable} from 'node:stream';

import {z} from 'zod';

const ROOT = path.join(import.meta.dirname, '..');
/** Every contender is a Node process of its own that tells at its end what it used, with all its threads. */
const REPORT_USE =
  'data:text/javascript,import fs from "node:fs";process.on("exit",()=>fs.writeSync(3,JSON.stringify(process.resourceUsage())))';
const usageSchema = z.object({userCPUTime: z.number(), systemCPUTime: z.number(), maxRSS: z.number()});

/** What a process used. */
export interface Use {
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly stdout: string;
}

/** Runs Node with some arguments, in the folder of the project. */
export async function useOf(
  nodeArguments: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Use> {
  const child = spawn(process.execPath, ['--import', REPORT_USE, ...nodeArguments], {
    cwd: ROOT,
    env: {...process.env, NODE_ENV: 'production', ...environment},
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const closed = once(child, 'close');
  const [stdout, told] = await Promise.all([child.stdio[1], child.stdio[3]].map((stream) => textOf(stream)));
  await closed;
  if (child.exitCode !== 0) throw new Error(`node ${nodeArguments.at(0) ?? ''} failed`);
  const {userCPUTime, systemCPUTime, maxRSS} = usageSchema.parse(JSON.parse(told ?? ''));
  const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6;
  return {cpuSeconds, peakBytes: maxRSS * 1024, stdout: stdout ?? ''};
}

/** All that a stream gives, as text. */
export async function textOf(stream: unknown): Promise<string> {
  let text = '';
  if (stream instanceof Readable) for await (const piece of stream) text += String(piece);
  return text;
}
