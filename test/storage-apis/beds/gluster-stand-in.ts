import type {RunGluster} from '../../../src/lib/storage-apis/gluster/gluster-cli.js';

export interface StandInBrick {
  readonly host: string;
  readonly path: string;
  readonly device: string;
  readonly sizeBytes: number;
  freeBytes: number;
  isOnline: boolean;
  readonly isArbiter?: boolean;
  /** How many files wait for their repair. */
  toHeal?: number;
}

export interface StandInVolume {
  readonly id: string;
  readonly replicas: number;
  isStarted?: boolean;
  /** What was set; without it the default counts. */
  reserve?: string;
  readonly bricks: readonly StandInBrick[];
}

/**
 * A strict stand-in for the gluster CLI (not the real one): it takes the command lines that are used and no others,
 * and answers in the shapes that GlusterFS 10.3 was seen to answer in, odd ones included.
 */
export function glusterStandIn(volumes: Volumes) {
  const changes: string[] = [];
  const run: RunGluster = async ([mode, xml, ...command]) => {
    const line = command.join(' ');
    if (mode !== '--mode=script' || xml !== '--xml') throw new Error(`unexpected: ${line}`);
    if (/^volume (set|reset) /.test(line)) changes.push(line);
    return Promise.resolve({stdout: answer(volumes, line), stderr: ''});
  };
  return {run, changes, volumes};
}

type Volumes = Readonly<Record<string, StandInVolume>>;

const COMMANDS: readonly [RegExp, (volume: StandInVolume, name: string, value: string) => string][] = [
  [/^volume status (\S+) detail$/, statusOf],
  [/^volume heal (\S+) info summary$/, healOf],
  [/^volume get (\S+) storage\.reserve$/, getReserve],
  [/^volume reset (\S+) storage\.reserve$/, resetReserve],
  [/^volume set (\S+) storage\.reserve (\S+)$/, setReserve],
];

function answer(volumes: Volumes, line: string): string {
  if (line === 'volume info') return done(infoOf(volumes));
  for (const [command, make] of COMMANDS) {
    const [, name, value = ''] = command.exec(line) ?? [];
    if (name === undefined) continue;
    const volume = volumes[name];
    return volume === undefined ? refused(30800, `Volume ${name} does not exist`) : make(volume, name, value);
  }
  throw new Error(`unexpected: ${line}`);
}

function getReserve({reserve = '1 (DEFAULT)'}: StandInVolume): string {
  return done(
    `<volGetopts><count>1</count><Opt><Option>storage.reserve</Option><Value>${escaped(reserve)}</Value></Opt></volGetopts>`,
  );
}

function resetReserve(volume: StandInVolume): string {
  delete volume.reserve;
  return done('<cliOp>volReset</cliOp><output>reset volume successful</output>');
}

function setReserve(volume: StandInVolume, _: string, value: string): string {
  if (!/^\d+(\.\d+%|%|[KMGTP]B)?$/i.test(value))
    return refused(30800, `invalid number format "${value}" in "option reserve"`);
  volume.reserve = value;
  return done('<cliOp>volSet</cliOp><output>Set volume successful</output>');
}

function infoOf(volumes: Volumes): string {
  const told = Object.entries(volumes).map(([name, {id, replicas, bricks, isStarted, reserve}]) => {
    const listed = bricks.map(({host, path, isArbiter}) => {
      const brick = `${host}:${path}`;
      return `<brick uuid="7e77">${brick}<name>${brick}</name><hostUuid>7e77</hostUuid><isArbiter>${isArbiter === true ? 1 : 0}</isArbiter></brick>`;
    });
    const set =
      reserve === undefined ? '' : `<option><name>storage.reserve</name><value>${reserve}</value></option>`;
    return `<volume><name>${name}</name><id>${id}</id><status>1</status><statusStr>${isStarted === false ? 'Stopped' : 'Started'}</statusStr><replicaCount>${replicas}</replicaCount><disperseCount>0</disperseCount><bricks>${listed.join('')}</bricks><optCount>1</optCount><options><option><name>user.x</name><value>a&lt;b&amp;"c</value></option>${set}</options></volume>`;
  });
  return `<volInfo><volumes>${told.join('')}<count>${told.length}</count></volumes></volInfo>`;
}

function statusOf({bricks, isStarted}: StandInVolume, name: string): string {
  if (isStarted === false) return refused(30800, `Volume ${name} is not started`);
  const nodes = bricks.map(
    ({host, path, device, sizeBytes, freeBytes, isOnline}) =>
      `<node><hostname>${host}</hostname><path>${path}</path><peerid>7e77</peerid><status>${isOnline ? 1 : 0}</status><port>${isOnline ? 49527 : 'N/A'}</port><ports><tcp>N/A</tcp><rdma>N/A</rdma></ports><pid>${isOnline ? 87 : -1}</pid><sizeTotal>${sizeBytes}</sizeTotal><sizeFree>${freeBytes}</sizeFree><device>${device}</device><blockSize>4096</blockSize></node>`,
  );
  return done(
    `<volStatus><volumes><volume><volName>${name}</volName><nodeCount>${nodes.length}</nodeCount>${nodes.join('')}</volume></volumes></volStatus>`,
  );
}

/** Of a brick that is down the real one leaves out two tags. */
function healOf({bricks, replicas}: StandInVolume): string {
  if (replicas < 2)
    return refused(22, 'This command is supported for only volumes of replicate/disperse type');
  const told = bricks.map(({host, path, isOnline, toHeal = 0}) => {
    const state = isOnline
      ? `<status>Connected</status><totalNumberOfEntries>${toHeal}</totalNumberOfEntries>`
      : '<status>Failed to process entries completely. (Transport endpoint is not connected)totalNumberOfEntries0</status>';
    return `<brick hostUuid="7e77"><name>${host}:${path}</name>${state}</brick>`;
  });
  return done(`<healInfo><bricks>${told.join('')}</bricks></healInfo>`);
}

const PROLOG = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

function done(body: string): string {
  return `${PROLOG}<cliOutput>\n  <opRet>0</opRet>\n  <opErrno>0</opErrno>\n  <opErrstr/>\n${body}</cliOutput>\n`;
}

function refused(errno: number, said: string): string {
  return `${PROLOG}<cliOutput><opRet>-1</opRet><opErrno>${errno}</opErrno><opErrstr>${escaped(said)}</opErrstr></cliOutput>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
