/** The process that looks at a place which may be away. It loads no library, because a start waits for its answer. */
import { type Place, tryPlace } from './try-place.ts';

/** One line of JSON on standard output: what is looked at now, what can't work, or that all does. */
export type Said = { begins: string; slow: boolean } | { problem: string } | { works: true };

/** The arguments of `openagent place-child` for `place`. */
export const placeArguments = ({ workingDir, config, temporary }: Place): string[] => [
  'place-child',
  workingDir,
  config.path,
  config.named ? 'named' : 'ours',
  temporary,
];

/** `openagent place-child …`: says what it looks at, and what it found. `given`: placeArguments after the first. */
export const placeChild = async ([workingDir, path, named, temporary, ...more]: string[]): Promise<void> => {
  const tell = (said: Said) => process.stdout.write(`${JSON.stringify(said)}\n`);
  try {
    if (!workingDir || !path || !temporary || more.length > 0)
      throw new Error('place-child is started by a start alone');
    const place = { workingDir, config: { path, named: named === 'named' }, temporary };
    await tryPlace(place, (begins, slow) => tell({ begins, slow: slow === 'slow' }));
    tell({ works: true });
  } catch (error) {
    tell({ problem: error instanceof Error ? error.message : String(error) });
  }
};
