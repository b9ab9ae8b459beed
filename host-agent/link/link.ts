import { wait } from '../../shared/clock.ts';
import { closeCode } from '../../shared/limits.ts';
import { type Attempts, type EndKind, nextDial, noAttempts } from './backoff.ts';
import type { Link, LinkOptions } from './port.ts';
import { Session, type SessionEnd } from './session.ts';
import { type LinkTimes, linkTimes } from './times.ts';

/** The host's link to its edge: one session after the other, with the wait that each one's end asks for. */
export const createLink = (options: LinkOptions): Link => {
  const times: LinkTimes = { ...linkTimes, ...options.times };
  let session: Session | null = null;

  const dial = async (signal: AbortSignal): Promise<SessionEnd> => {
    const current = new Session(options, times);
    const leave = (): void => current.close(1000, 'the host-agent stops');
    signal.addEventListener('abort', leave, { once: true });
    session = current;
    try {
      return await current.ended;
    } finally {
      session = null;
      signal.removeEventListener('abort', leave);
    }
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    let attempts: Attempts = noAttempts;
    while (!signal.aborted) {
      const end = await dial(signal);
      if (signal.aborted) break;
      const kind = endKind(end);
      const next = nextDial(attempts, { kind, settled: end.settled, upMs: end.upMs }, times, Math.random());
      attempts = next.attempts;
      tell(options, kind, end, next.waitMs);
      // An aborted wait is how stopping looks from here; the loop ends.
      await wait(options.clock, next.waitMs, signal).catch(() => undefined);
    }
  };

  return {
    run,
    delta: (delta) => session?.delta(delta),
    output: (output, owner) => session?.output(output, owner),
    outputEnded: (call) => session?.outputEnded(call),
    turnsChanged: () => session?.turnsChanged(),
    agentsChanged: () => session?.agentsChanged(),
    isUp: () => session?.isUp() ?? false,
  };
};

const endKind = ({ code, status }: SessionEnd): EndKind => {
  if (code === closeCode.replaced) return 'replaced';
  const refused: number[] = [closeCode.unauthorised, closeCode.staleEpoch, closeCode.version];
  return refused.includes(code) || status === 401 || status === 403 ? 'refused' : 'lost';
};

const tell = ({ log, hostFile }: LinkOptions, kind: EndKind, end: SessionEnd, waitMs: number): void => {
  const { code, reason, status } = end;
  const fields = { url: hostFile.url, code, reason, status: status ?? undefined, wait_ms: Math.round(waitMs) };
  switch (kind) {
    case 'lost':
      log.info('link.down', fields);
      break;
    case 'refused':
      log.error('link.refused', { ...fields, text: refusal(code, hostFile.url) });
      break;
    case 'replaced':
      log.error('link.replaced', {
        ...fields,
        text: 'Another host-agent uses the credential of this one. If this server is a copy of another, enrol it as a server of its own.',
      });
  }
};

const refusal = (code: number, url: string): string => {
  if (code === closeCode.version) return `Update: the edge at ${url} and this host-agent speak different versions.`;
  if (code === closeCode.staleEpoch)
    return `The credential for ${url} was issued again elsewhere. Enrol this server again.`;
  return `The edge at ${url} does not accept this server's credential. Enrol it again: openagent enroll ${url} <code>`;
};
