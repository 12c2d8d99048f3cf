import {z} from 'zod';

import type {ArtifactHeader} from '../core/index.js';

const bytes = z.number().int().nonnegative();
const costPair = z.object({short: z.number(), idle: z.number()});

const planSchema = z.object({
  kind: z.literal('foreshadow.plan'),
  version: z.literal(1),
  tool: z.string(),
  createdAt: z.iso.datetime(),
  /** After this time apply refuses the plan. */
  expiresAt: z.iso.datetime(),
  /** What the plan was computed from: store, topology, model, target state; SHA-256 each. */
  inputs: z.array(z.object({kind: z.string(), name: z.string(), sha256: z.string()})),
  topologySerial: z.string(),
  policy: z.string(),
  settings: z.object({
    level: z.number(),
    /** Other levels, by boundary kind and by tier (`tier:NAME`). */
    levels: z.record(z.string(), z.number()).optional(),
    /** The median times this in place of any level. */
    fixedFactor: z.number().optional(),
    /** Other factors, named as levels are. */
    fixedFactors: z.record(z.string(), z.number()).optional(),
    /** What a byte too few and a byte too many cost, and by the names of levels: where the levels come from. */
    costs: z
      .object({short: z.number(), idle: z.number(), named: z.record(z.string(), costPair).optional()})
      .optional(),
    /** Limits and prices of reserves: a most a host, floors by boundary, costs by tier. */
    rules: z
      .object({
        mostPerHostBytes: bytes.optional(),
        floorBytes: z.record(z.string(), bytes).optional(),
        tierCost: z.record(z.string(), z.number().positive()).optional(),
      })
      .optional(),
    safetyFactor: z.number(),
    staticShare: z.number(),
    horizonSeconds: z.number(),
    /** How fast buffers may be given back; absent: at once. */
    shrink: z
      .object({deadBandShare: z.number(), stepShare: z.number(), coolDownSeconds: z.number()})
      .optional(),
  }),
  /** What the horizon is made of, where it was not stated. */
  horizon: z
    .object({
      leadSeconds: z.number().nonnegative(),
      reviewSeconds: z.number().nonnegative(),
      /** The longest repair of any scenario: `demandBytes`, spread over `hostCount` hosts, and one largest copy. */
      repairSeconds: z.number().nonnegative(),
      /** What one host takes. */
      recoveryBytesPerSecond: z.number().positive(),
      scenario: z.string(),
      demandBytes: bytes,
      hostCount: z.number().int().nonnegative(),
    })
    .optional(),
  /** Every scenario has an accepted re-placement within the planned reserves. */
  feasible: z.boolean(),
  /** What the target held when the plan was made; apply refuses when it moved. */
  basis: z
    .object({
      target: z.string(),
      lineage: z.string(),
      serial: z.number().int().nonnegative(),
      /** Where the target has settings of its own kind: what they said; null is a quota without a limit. */
      settings: z.array(z.object({setting: z.string(), bytes: bytes.nullable()})).optional(),
      /** Where the target knows how much its hosts use. */
      usedBytes: z.array(z.object({host: z.string(), bytes})).optional(),
    })
    .optional(),
  boundaries: z.array(
    z.object({
      scenario: z.string(),
      hosts: z.array(z.string()),
      demandBytes: bytes,
      requiredBytes: bytes,
      /** Reserve on hosts that survive the scenario. */
      heldBytes: bytes,
      stuckBytes: bytes,
      reason: z.string(),
    }),
  ),
  hosts: z.array(
    z.object({
      host: z.string(),
      capacityBytes: bytes,
      predictedUsedBytes: bytes,
      /** Fill limit x capacity - predicted use: the most that can be held. */
      roomBytes: bytes,
      currentReserveBytes: bytes,
      reserveBytes: bytes,
      reason: z.string(),
    }),
  ),
  changes: z.array(
    z.object({
      host: z.string(),
      action: z.enum(['allocate', 'deallocate']),
      fromBytes: bytes,
      toBytes: bytes,
      reason: z.string(),
    }),
  ),
  /** Minimum cuts of the scenarios that no reserve can satisfy, and volumes whose copies are all lost. */
  uncovered: z.array(
    z.object({
      scenario: z.string(),
      volumes: z.array(z.string()),
      hosts: z.array(z.string()),
      demandBytes: bytes,
      roomBytes: bytes,
      message: z.string(),
    }),
  ),
  /** Volumes with copies that find no place, by scenario and then by priority: who would come first, if there were more. */
  waiting: z
    .object({
      /** What counts for who comes first. */
      weights: z.object({growth: z.number(), access: z.number()}),
      volumes: z.array(
        z.object({
          scenario: z.string(),
          volume: z.string(),
          copies: z.number().int().positive(),
          bytes,
          /** 0 to 1: those above come first. */
          score: z.number(),
          /** Foreseen of one replica over what it holds now. */
          growthBytes: z.number().nonnegative(),
          accessPerSecond: z.number().nonnegative(),
        }),
      ),
    })
    .optional(),
  /** The reserve of this plan beside the least one that breaks anti-affinity to heal, and what neither covers. */
  relaxed: z
    .object({
      strictBytes: bytes,
      strictUncovered: z.array(z.string()),
      relaxedBytes: bytes,
      relaxedUncovered: z.array(z.string()),
    })
    .optional(),
  /** What would make the uncovered scenarios repairable, each tried by solving again. */
  cures: z
    .array(
      z.object({
        kind: z.enum(['grow', 'move', 'allow']),
        /** Capacity to add, or what hosts would have to be allowed to hold. */
        hosts: z.array(z.object({host: z.string(), bytes})),
        moves: z.array(z.object({volume: z.string(), from: z.string(), to: z.string(), bytes})),
        totalBytes: bytes,
        /** False: some copies have no host that may take them, whatever its size. */
        curesAll: z.boolean(),
        message: z.string(),
      }),
    )
    .optional(),
  /**
   * What the safety factor reached at past origins, by boundary kind: in `kept` of `of` cases a scenario asked for no
   * more than was promised at `level`, or than `factor` times the median.
   */
  coverage: z
    .array(
      z.object({
        kind: z.string(),
        /** Absent: a fixed factor, which promises nothing. */
        level: z.number().optional(),
        factor: z.number().optional(),
        kept: z.number().int().nonnegative(),
        of: z.number().int().nonnegative(),
        worstShortBytes: bytes,
      }),
    )
    .optional(),
  /** Volumes that are yet to come, learned from when those of the topology were first seen; absent: not reckoned with. */
  launches: z
    .object({
      /** How long new volumes could be told from those that were always there. */
      watchedSeconds: z.number().nonnegative(),
      /** Those in which any came; `tier` absent: volumes that may lie on any host. */
      tiers: z.array(
        z.object({
          tier: z.string().optional(),
          seenVolumes: z.number().int().positive(),
          volumesPerWeek: z.number().positive(),
        }),
      ),
      /** How many come over the horizon, in the mean. */
      meanVolumes: z.number().nonnegative(),
      /** Bytes of all their copies at the level of the plan. */
      copyBytes: bytes,
      /** What is held for them beside what the known volumes need. */
      addsBytes: bytes,
      /** What there is no room for in the scenario that lacks the most, and which that is. */
      shortBytes: bytes,
      shortScenario: z.string().optional(),
    })
    .optional(),
  /** What sudden growth that any volume may have changes, where that was asked; absent: it is in the usual errors. */
  suddenGrowth: z
    .object({
      /** Seen in the history. */
      events: z.number().int().nonnegative(),
      volumes: z.number().int().nonnegative(),
      watchedSeconds: z.number().nonnegative(),
      /** Held more than without the term; negative: less. */
      addsBytes: z.number().int(),
    })
    .optional(),
  /** What was assumed or passed over, in words. */
  warnings: z.array(z.string()).optional(),
  /** On request: for each scenario where every lost replica goes. */
  certificate: z
    .array(
      z.object({
        scenario: z.string(),
        /** One replica of a volume counts its bytes x factor in this scenario, rounded up. */
        factor: z.number().nonnegative(),
        placements: z.array(z.tuple([z.string(), z.string()])),
      }),
    )
    .optional(),
  /** With the certificate: foreseen bytes of one replica of each volume, not yet whole. */
  volumes: z.array(z.object({volume: z.string(), bytes: z.number().nonnegative()})).optional(),
});

/** A remirror buffer plan: data only, everything that apply will do. */
export type Plan = z.infer<typeof planSchema> & ArtifactHeader;

/** How plan files are told and read (see core/artifact). */
export const PLAN_KIND = {kind: 'foreshadow.plan', version: 1, schema: planSchema} as const;
