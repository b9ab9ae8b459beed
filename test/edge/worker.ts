// The Worker of these tests: the real one, but that its `Host` and `Account` objects are given a clock which tests can
// set ahead, and a D1 which tests can make sick.
import { Account as RealAccount } from '../../worker/account/object.ts';
import type { Bindings } from '../../worker/env.ts';
import { Host as RealHost } from '../../worker/host/object.ts';
import { accountsSeen } from './accounts-away.ts';
import { watchBackground } from './background.ts';
import { clockOfHost, objectClock } from './object-clock.ts';
import { objectRoom } from './object-room.ts';
import { archiveSeen } from './objects-archive.ts';
import { objectsD1 } from './objects-d1.ts';
import { throwIfBroken } from './objects-throwing.ts';
import { watchD1, watchObject } from './plans.ts';
import { noteWoken } from './woken.ts';

export { default, Relay } from '../../worker/index.ts';

export class Host extends RealHost {
  constructor(ctx: DurableObjectState, env: Bindings) {
    throwIfBroken(ctx.id.name);
    const seen = { DB: objectsD1.binding(watchD1(env.DB)), ACCOUNT: accountsSeen(env.ACCOUNT) };
    const { ARCHIVE, ...rest } = { ...env, ...seen };
    const archive = archiveSeen(ARCHIVE);
    super(
      watchObject(watchBackground(ctx)),
      { ...rest, ...(archive ? { ARCHIVE: archive } : {}) },
      clockOfHost(ctx.id.name),
      objectRoom.bytes,
    );
    noteWoken(ctx.id.name);
  }
}

export class Account extends RealAccount {
  constructor(ctx: DurableObjectState, env: Bindings) {
    super(watchObject(ctx), { ...env, DB: objectsD1.binding(watchD1(env.DB)) }, objectClock);
  }
}
