import {nearestName, UsageError} from '../core/index.js';
import type {TargetAccess} from './access.js';
import type {StorageTarget} from './target.js';
import {cephTarget} from './targets/ceph.js';
import {cinderTarget} from './targets/cinder.js';
import {fileTarget} from './targets/file.js';
import {glusterfsTarget} from './targets/glusterfs.js';
import {httpTarget} from './targets/http.js';
import {longhornTarget} from './targets/longhorn.js';

interface TargetKind {
  /** One line for people. */
  readonly summary: string;
  /** For messages. */
  readonly example: string;
  /** `place` is what follows the colon, never empty; nothing is read yet. Throws UsageError for a place that is none. */
  open(place: string, access: TargetAccess): StorageTarget;
}

/** Every storage API that a plan can be applied to, by the word before the colon. */
export const TARGETS = {
  ceph: cephTarget,
  cinder: cinderTarget,
  file: fileTarget,
  glusterfs: glusterfsTarget,
  http: httpTarget,
  longhorn: longhornTarget,
} satisfies Record<string, TargetKind>;

/** The target named `kind:place`, e.g. `file:buffers.json`; nothing is read yet. Throws UsageError. */
export function openTarget(name: string, access: TargetAccess): StorageTarget {
  const colon = name.indexOf(':');
  const kind = colon === -1 ? name : name.slice(0, colon);
  const place = colon === -1 ? '' : name.slice(colon + 1);
  const found = Object.entries<TargetKind>(TARGETS).find(([candidate]) => candidate === kind);
  if (found === undefined) {
    const nearest = nearestName(kind, Object.keys(TARGETS));
    throw new UsageError('unknown-target', `unknown kind of target: "${kind}"`, {
      hints: [
        nearest === undefined
          ? `known kinds: ${Object.keys(TARGETS).join(', ')}`
          : `did you mean ${nearest}:...?`,
      ],
    });
  }
  if (place === '') {
    throw new UsageError('target-without-place', `target "${name}" does not say where`, {
      hints: [`write it like --target ${found[1].example}`],
    });
  }
  return found[1].open(place, access);
}
