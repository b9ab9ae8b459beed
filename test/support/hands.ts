import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ask, Outcome } from '../../host-agent/hands/call/outcome.ts';
import type { Situation } from '../../host-agent/hands/call/tool.ts';
import { maxViewBytes } from '../../host-agent/hands/call/view.ts';
import { tools } from '../../host-agent/hands/tools/all.ts';
import { seenFiles } from '../../host-agent/hands/tools/seen-files.ts';
import { handClock } from './hand-clock.ts';
import { temporaryDirectory } from './host-store.ts';

/** A session in a mission's directory of its own, whose calls are allowed whatever they ask for, and remembered. */
export const handsSession = () => {
  const root = realpathSync(temporaryDirectory());
  const directory = join(root, 'mission');
  mkdirSync(directory);
  const seen = seenFiles();
  const asked: Ask[] = [];
  const kept: { name: string; text: string }[] = [];

  /** One call as the plug-in posts it, with what was granted before. */
  const once = (
    name: string,
    args: unknown,
    granted: readonly Ask[] = [],
    more: Partial<Situation> = {},
  ): Promise<Outcome> => {
    const tool = tools.find((each) => each.name === name);
    if (!tool) throw new Error(`no tool is called ${name}`);
    return tool.run(args, {
      directory,
      session: 'ses_1',
      call: 'call_1',
      agent: 'build',
      granted,
      seen,
      keep: async (file, text) => {
        kept.push({ name: file, text });
        return join(directory, 'temp', file);
      },
      signal: new AbortController().signal,
      live: () => undefined,
      clock: handClock(),
      ...more,
    });
  };

  /** A call with everything that it asks for granted, as often as it asks. */
  const call = async (name: string, args: unknown, more: Partial<Situation> = {}): Promise<Outcome> => {
    const granted: Ask[] = [];
    for (;;) {
      const outcome = await once(name, args, granted, more);
      if (outcome.kind !== 'asks') {
        if (outcome.kind === 'done' && Buffer.byteLength(JSON.stringify(outcome.view)) > maxViewBytes)
          throw new Error(`the view of ${name} is too large`);
        return outcome;
      }
      granted.push(...outcome.asks);
      asked.push(...outcome.asks);
    }
  };

  return {
    root,
    directory,
    seen,
    asked,
    kept,
    once,
    call,
    /** What the model reads; fails where the call did. */
    text: async (name: string, args: unknown): Promise<string> => {
      const outcome = await call(name, args);
      if (outcome.kind !== 'done') throw new Error(`${name} ended ${outcome.kind}: ${JSON.stringify(outcome)}`);
      return outcome.text;
    },
    /** Why a call failed. */
    failure: async (name: string, args: unknown): Promise<string> => {
      const outcome = await call(name, args);
      if (outcome.kind !== 'failed') throw new Error(`${name} ended ${outcome.kind}: ${JSON.stringify(outcome)}`);
      return outcome.text;
    },
    /** Puts a file into the mission's directory; its path. */
    put: (name: string, content: string | Buffer): string => {
      const path = join(directory, name);
      mkdirSync(join(path, '..'), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
  };
};
