import {z} from 'zod';

import {formatInstantUs, type HeldLock, type LockOwner, StaleError, ToolError} from '../../core/index.js';
import type {TargetAccess} from '../access.js';
import type {HttpClient} from '../http/http-client.js';
import {HttpRefusal} from '../http/http-refusal.js';
import {parseAnswer} from '../http/parse-answer.js';
import {OpenTargetError} from '../open-target-error.js';

/*
 * A lock that machines share: a Lease of the API group coordination.k8s.io/v1. Its fields, and the rule that a lease is
 * free when leaseDurationSeconds have passed since renewTime, are those of
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/
 */
const leaseSchema = z.object({
  metadata: z.object({uid: z.string().min(1), resourceVersion: z.string().min(1)}),
  spec: z.object({
    holderIdentity: z.string().nullish(),
    leaseDurationSeconds: z.number().int().positive().nullish(),
    acquireTime: z.string().nullish(),
    renewTime: z.string().nullish(),
    leaseTransitions: z.number().int().nonnegative().nullish(),
  }),
});
type Lease = z.infer<typeof leaseSchema>;

/** As long as a holder that died keeps others out. */
const DURATION_SECONDS = 60;
const US = 1_000_000;
const MERGE_PATCH = 'application/merge-patch+json';

/** Where a lease lies, and how it is reached. */
export interface LeasePlace {
  readonly client: HttpClient;
  readonly namespace: string;
  readonly name: string;
  readonly retry: TargetAccess['retry'];
}

/** A lease that is held, and renewed in the background until it is released. */
export interface HeldLease extends HeldLock {
  /** Somebody else took it over, or removed it: nothing more may be changed. */
  isLost(): boolean;
}

/**
 * Takes a lease; one that ran out by `owner.atUs` is taken over. Releasing removes it if it is still ours; where the API
 * does not answer then, it runs out by itself. Throws StaleError that names the holder, TargetError when the API fails.
 */
export async function acquireLease(place: LeasePlace, owner: LockOwner): Promise<HeldLease> {
  let isOpen = false;
  let failure: unknown;
  for (let attempt = 1; attempt <= place.retry.attempts; attempt += 1) {
    try {
      return holdLease(place, await create(place, owner), owner);
    } catch (error) {
      if (error instanceof OpenTargetError) isOpen = true;
      else if (!(error instanceof HttpRefusal && error.status === 409)) throw error;
      failure = error;
    }
    const lease = await find(place);
    if (lease === undefined) continue;
    if (isOpen && isOf(lease, owner)) return holdLease(place, lease, owner);
    return takeOver(place, lease, owner);
  }
  throw failure;
}

function folder({namespace}: LeasePlace): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
}

function nameOf({pid, machine}: LockOwner): string {
  return `process ${pid} on ${machine}`;
}

/** MicroTime of Kubernetes: always six digits. */
function microTime(atUs: number): string {
  const wholeUs = Math.floor(atUs);
  const digits = String(((wholeUs % US) + US) % US).padStart(6, '0');
  return `${formatInstantUs(Math.floor(wholeUs / US) * US).slice(0, 19)}.${digits}Z`;
}

function specOf(owner: LockOwner): Lease['spec'] {
  const now = microTime(owner.atUs);
  const times = {acquireTime: now, renewTime: now};
  return {holderIdentity: nameOf(owner), leaseDurationSeconds: DURATION_SECONDS, ...times};
}

function isOf({spec}: Lease, owner: LockOwner): boolean {
  return spec.holderIdentity === nameOf(owner) && spec.acquireTime === microTime(owner.atUs);
}

async function create(place: LeasePlace, owner: LockOwner): Promise<Lease> {
  const path = folder(place);
  const {body} = await place.client.send({
    method: 'POST',
    path,
    body: {
      ...{apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: {name: place.name}},
      spec: {...specOf(owner), leaseTransitions: 0},
    },
  });
  return parseAnswer(leaseSchema, body, `POST ${path}`);
}

async function find(place: LeasePlace): Promise<Lease | undefined> {
  const path = `${folder(place)}/${place.name}`;
  try {
    const {body} = await place.client.send({method: 'GET', path});
    return parseAnswer(leaseSchema, body, `GET ${path}`);
  } catch (error) {
    if (error instanceof HttpRefusal && error.status === 404) return undefined;
    throw error;
  }
}

async function patch(
  place: LeasePlace,
  {metadata: {resourceVersion}}: Lease,
  spec: Lease['spec'],
): Promise<Lease> {
  const path = `${folder(place)}/${place.name}`;
  const {body} = await place.client.send({
    ...{method: 'PATCH', path, contentType: MERGE_PATCH},
    body: {metadata: {resourceVersion}, spec},
  });
  return parseAnswer(leaseSchema, body, `PATCH ${path}`);
}

function holderOf({spec: {holderIdentity, acquireTime}}: Lease): string {
  return `${holderIdentity ?? 'nobody that is named'} since ${acquireTime ?? 'an unknown time'}`;
}

/** One without a time has run out. */
function endOf({spec: {renewTime, leaseDurationSeconds}}: Lease): number {
  return Date.parse(renewTime ?? '') * 1000 + (leaseDurationSeconds ?? DURATION_SECONDS) * US;
}

async function takeOver(place: LeasePlace, lease: Lease, owner: LockOwner): Promise<HeldLease> {
  const holder = holderOf(lease);
  const endsAtUs = endOf(lease);
  if (endsAtUs > owner.atUs) throw held(place, `is held by ${holder}, until ${formatInstantUs(endsAtUs)}`);
  try {
    const spec = {...specOf(owner), leaseTransitions: (lease.spec.leaseTransitions ?? 0) + 1};
    return holdLease(place, await patch(place, lease, spec), owner, holder);
  } catch (error) {
    if (error instanceof HttpRefusal && [404, 409].includes(error.status))
      throw held(place, 'was taken by somebody else just now');
    const now = error instanceof OpenTargetError ? await find(place) : undefined;
    if (now !== undefined && isOf(now, owner)) return holdLease(place, now, owner, holder);
    throw error;
  }
}

function held({namespace, name}: LeasePlace, how: string): StaleError {
  return new StaleError('lock-held', `lease ${name} in ${namespace} ${how} unless it is renewed`, {
    hints: [
      'wait for it to end',
      `when you are sure that it does not run any more, remove the lease ${name}`,
    ],
  });
}

function holdLease(place: LeasePlace, first: Lease, owner: LockOwner, tookOverFrom?: string): HeldLease {
  const everySeconds = DURATION_SECONDS / 3;
  let lease = first;
  let [isLost, rounds] = [false, 0];
  let renewing = Promise.resolve();
  const renew = async (): Promise<void> => {
    rounds += 1;
    try {
      lease = await patch(place, lease, {renewTime: microTime(owner.atUs + rounds * everySeconds * US)});
    } catch (error) {
      if (!(error instanceof HttpRefusal) || ![404, 409].includes(error.status)) return;
      // Our own renewal, whose answer was lost, moves its version, too.
      const now = await find(place).catch(() => lease);
      if (now === undefined || !isOf(now, owner)) isLost = true;
      else lease = now;
    }
  };
  const timer = setInterval(() => {
    renewing = renewing.then(renew);
  }, everySeconds * 1000).unref();
  return {
    tookOverFrom,
    isLost: () => isLost,
    release: async () => {
      clearInterval(timer);
      await renewing;
      await remove(place, owner);
    },
  };
}

async function remove(place: LeasePlace, owner: LockOwner): Promise<void> {
  for (let attempt = 1; attempt <= place.retry.attempts; attempt += 1) {
    try {
      const lease = await find(place);
      if (lease === undefined || !isOf(lease, owner)) return;
      const {uid, resourceVersion} = lease.metadata;
      await place.client.send({
        ...{method: 'DELETE', path: `${folder(place)}/${place.name}`},
        body: {kind: 'DeleteOptions', apiVersion: 'v1', preconditions: {uid, resourceVersion}},
      });
      return;
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      if (!(error instanceof OpenTargetError)) return;
    }
  }
}
