// The scripted model in a process of its own, so that its work delays neither what is measured nor who measures. Speaks
// over IPC.
import { startModel } from '../support/model.ts';

export type ModelOrder = { kind: 'asked'; count: number } | { kind: 'release'; gate: string };
export type ModelNews = { kind: 'listening'; url: string } | { kind: 'asked' } | { kind: 'failed'; reason: string };

/** A hundred missions on a busy machine begin within this. */
const askedWithinMs = 240_000;

const tell = (news: ModelNews): void => {
  process.send?.(news);
};

const model = await startModel();
process.on('message', (order: ModelOrder) => {
  if (order.kind === 'release') model.release(order.gate);
  else {
    model
      .asked(() => model.requests.length >= order.count, askedWithinMs)
      .then(
        () => tell({ kind: 'asked' }),
        () => tell({ kind: 'failed', reason: `${model.requests.length} of ${order.count} missions asked the model` }),
      );
  }
});
process.on('disconnect', () => process.exit());
tell({ kind: 'listening', url: model.url });
