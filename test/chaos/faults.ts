// What each fault does to the laboratory, and how it is healed.

import type { LabProcess } from '../faults/lab-process.ts';
import type { Laboratory } from '../faults/laboratory.ts';
import { ofType } from '../faults/link-faults.ts';
import type { D1Illness } from '../support/sick-d1.ts';
import { type Hostile, ordinary } from './hostile.ts';
import type { Instants } from './instants.ts';
import type { FaultName, FaultPlan } from './schedule.ts';

/** Where faults are done: the laboratory, and the hostile user of the round. */
export type Place = Laboratory & { hostile: Hostile };

interface Fault {
  begin(place: Place): unknown;
  /** Heals it; nothing where it happens in an instant. */
  end?(place: Place): unknown;
  /** How much of it was felt so far, where that is not certain: frames, connections, answers. */
  felt?(place: Place): number;
}

/** Longer than the link takes to answer, shorter than its patience (laboratory.ts `quick`). */
const delayMs = 150;

const killed = (name: 'edge' | 'agent' | 'openCode' | 'hands'): Fault => ({
  begin: (lab) => lab[name].kill(),
  end: (lab) => lab[name].start(),
});

const frozen = (of: (lab: Laboratory) => LabProcess): Fault => ({
  begin: (lab) => of(lab).freeze(),
  end: (lab) => of(lab).thaw(),
});

/** Begins something that is undone by what it returned. */
const undone = (begin: (lab: Laboratory) => () => void, felt: Fault['felt']): Fault => {
  let undo = (): void => undefined;
  return {
    begin: (lab) => {
      undo = begin(lab);
    },
    end: () => undo(),
    felt,
  };
};

const isGreeting = (type: unknown): boolean => type === 'hello' || type === 'welcome';

const sickD1 = (illness: D1Illness): Fault => ({
  begin: ({ orders }) => orders.d1(illness),
  end: ({ orders }) => orders.d1('well'),
  felt: ({ orders }) => orders.askedInVain(),
});

/** An object that runs ends, and throws when it is to start again. */
const throwingObject = (of: 'HOST' | 'ACCOUNT'): Fault => ({
  begin: ({ orders, host }) => orders.throwing([of], [{ of, name: of === 'HOST' ? host : ordinary }]),
  end: ({ orders }) => orders.throwing([]),
  felt: ({ orders }) => orders.thrown(),
});

const faults: Record<FaultName, Fault> = {
  'link.cut': { begin: ({ linkProxy }) => linkProxy.cut(), felt: ({ linkProxy }) => linkProxy.counts.cut },
  'link.refused': {
    begin: ({ linkProxy }) => {
      linkProxy.refuse(true);
      linkProxy.cut();
    },
    end: ({ linkProxy }) => linkProxy.refuse(false),
    felt: ({ linkProxy }) => linkProxy.counts.cut + linkProxy.counts.refused,
  },
  'link.half-open': {
    begin: ({ linkProxy }) => linkProxy.halfOpen(),
    felt: ({ linkProxy }) => linkProxy.counts.halfOpened,
  },
  'link.delayed': {
    begin: ({ linkProxy }) => linkProxy.delay(delayMs),
    end: ({ linkProxy }) => linkProxy.delay(0),
    felt: ({ linkProxy }) => linkProxy.counts.delayed,
  },
  'link.acks-dropped': undone(
    ({ linkProxy }) => linkProxy.drop(ofType('ack')),
    ({ linkProxy }) => linkProxy.counts.dropped,
  ),
  'link.doubled': undone(
    ({ linkProxy }) => linkProxy.duplicate((_direction, { json }) => json !== null && !isGreeting(json.type)),
    ({ linkProxy }) => linkProxy.counts.duplicated,
  ),
  'link.greeted-twice': undone(
    ({ linkProxy }) => {
      const undo = linkProxy.duplicate((_direction, { json }) => isGreeting(json?.type));
      linkProxy.cut();
      return undo;
    },
    ({ linkProxy }) => linkProxy.counts.duplicated,
  ),
  'viewers.cut': { begin: ({ viewerProxy }) => viewerProxy.cut(), felt: ({ viewerProxy }) => viewerProxy.counts.cut },
  'viewers.stalled': {
    begin: ({ viewerProxy }) => viewerProxy.stall(),
    end: ({ viewerProxy }) => viewerProxy.flow(),
    felt: ({ viewerProxy }) => viewerProxy.counts.stalled,
  },
  'edge.killed': killed('edge'),
  'edge.stopped': { begin: ({ edge }) => edge.stop(), end: ({ edge }) => edge.start() },
  'edge.frozen': frozen(({ edge }) => edge),
  'host.killed': killed('agent'),
  'host.frozen': frozen(({ agent }) => agent),
  'opencode.killed': killed('openCode'),
  'opencode.frozen': frozen(({ openCode }) => openCode),
  'hands.killed': killed('hands'),
  'hands.frozen': frozen(({ hands }) => hands),
  'warden.killed': { begin: ({ warden }) => warden?.kill(), end: ({ warden }) => warden?.start() },
  'warden.frozen': { begin: ({ warden }) => warden?.freeze(), end: ({ warden }) => warden?.thaw() },
  'd1.slow': sickD1({ slowMs: delayMs }),
  'd1.fails': sickD1('fails'),
  'd1.forgets': sickD1('forgets'),
  'd1.away': sickD1('hangs'),
  'd1.away-long': sickD1('hangs'),
  'object.host-throws': throwingObject('HOST'),
  'object.account-throws': throwingObject('ACCOUNT'),
  'user.hostile': {
    begin: ({ hostile }) => hostile.begin(),
    end: ({ hostile }) => hostile.end(),
    felt: ({ hostile }) => hostile.answers(),
  },
};

/**
 * Does the faults of one lane, each at its instant and one after the other, until all are done or `over` is aborted;
 * each is healed in every case. `done` hears of those that were felt.
 */
export const doFaults = async (
  place: Place,
  plans: readonly FaultPlan[],
  instants: Instants,
  over: AbortSignal,
  done: (name: FaultName) => void,
): Promise<void> => {
  for (const { name, after, lasts, atMostMs } of plans) {
    if (!(await instants.reached(after, over))) return;
    const fault = faults[name];
    const before = fault.felt?.(place) ?? 0;
    await fault.begin(place);
    if (fault.end) {
      await instants.reached(lasts, AbortSignal.any([over, AbortSignal.timeout(atMostMs)]));
      await fault.end(place);
    }
    if (!fault.felt || fault.felt(place) > before) done(name);
  }
};
