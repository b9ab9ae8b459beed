/** Leaving a mission that is followed: it goes on without us. */
import { exitCode } from '../exit-codes.ts';
import type { Printer } from '../printing/printer.ts';

/** How far a command is, for what a person who leaves has to know. */
export interface Progress {
  mission: string | null;
  /** `sending`: the edge may have the message or not. */
  message: 'none' | 'sending' | 'sent';
}

/**
 * Runs `work` until it ends or the person leaves by Ctrl-C (or closes the terminal, or ends the command); then says how
 * to come back. The mission is at the edge and on its server, so leaving ends nothing there. Out: the exit code.
 */
export const untilLeft = async (
  progress: Progress,
  printer: Printer,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> => {
  const leaving = new AbortController();
  const codes = { SIGINT: exitCode.interrupted, SIGTERM: 143, SIGHUP: 129 } as const;
  let code: number | null = null;
  // A second one does nothing more: the launcher passes on a Ctrl-C that the terminal sends to both.
  for (const [name, value] of Object.entries(codes)) {
    process.on(name, () => {
      code ??= value;
      leaving.abort();
    });
  }
  // Nobody reads any more, as with `| head`.
  process.stdout.on('error', () => {
    code ??= 141;
    leaving.abort();
  });
  try {
    return await work(leaving.signal);
  } catch (error) {
    if (code === null) {
      if (progress.message === 'sent') printer.note(comeBack(progress.mission));
      throw error;
    }
    printer.note(leftText(progress));
    return code;
  }
};

const leftText = ({ mission, message }: Progress): string => {
  switch (message) {
    case 'none':
      return mission === null ? 'Nothing was sent.' : `Nothing was sent. Mission ${mission.slice(0, 8)} is there.`;
    case 'sending':
      return `The message may have been sent. ${comeBack(mission)}`;
    case 'sent':
      return `Detached: the mission goes on. ${comeBack(mission)}`;
  }
};

const comeBack = (mission: string | null): string => {
  const id = mission?.slice(0, 8) ?? '';
  return `Follow it: openagent show ${id} --follow; end it: openagent cancel ${id}`;
};
