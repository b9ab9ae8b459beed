import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ModelNews, ModelOrder } from './model-process.ts';

export type RemoteModel = Awaited<ReturnType<typeof startRemoteModel>>;

/** The scripted model in its own process. */
export const startRemoteModel = async () => {
  const child = fork(join(import.meta.dirname, 'model-process.ts'), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const order = (what: ModelOrder): void => {
    child.send(what);
  };
  const news = async (): Promise<ModelNews> => {
    const [message]: ModelNews[] = await once(child, 'message');
    if (!message || message.kind === 'failed') throw new Error(`the model: ${message?.reason ?? 'said nothing'}`);
    return message;
  };
  const first = await news();
  if (first.kind !== 'listening') throw new Error('the model did not say where it listens');
  return {
    url: first.url,
    /** Resolves when this many turns have asked for an answer since the start. */
    asked: async (count: number): Promise<void> => {
      order({ kind: 'asked', count });
      await news();
    },
    release: (gate: string): void => order({ kind: 'release', gate }),
    close: async (): Promise<void> => {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
};
