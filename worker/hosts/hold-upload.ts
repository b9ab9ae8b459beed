import { AppError } from '../../shared/errors.ts';
import type { Env } from '../env.ts';
import { limitsOf } from '../quotas/limits.ts';
import { hostObject } from './object.ts';

/** For a client that does not announce how much it sends: more than nearly every file is. */
const unannouncedBytes = 1024 * 1024 * 1024;

/**
 * Counts an upload for as long as the request that it comes with: the socket ends with the request, whatever ends it.
 * Out: what is called when it is over. Throws 429 or 413 where its owner has as many as may be.
 */
export const holdUpload = async (
  env: Env,
  host: string,
  owner: string,
  announced: number | null,
): Promise<() => void> => {
  const { uploads, upload_bytes } = await limitsOf(env, owner);
  const bytes = announced ?? unannouncedBytes;
  const query = new URLSearchParams(
    Object.entries({ owner, bytes, uploads, upload_bytes }).map(([name, value]) => [name, String(value)]),
  );
  const answer = await hostObject(env, host).fetch(`http://host/upload?${query}`, {
    headers: { Upgrade: 'websocket' },
  });
  const { webSocket } = answer;
  if (!webSocket) throw new AppError(answer.status === 413 ? 'too_large' : 'too_many', await answer.text());
  webSocket.accept();
  return () => webSocket.close(1000, 'the upload is over');
};
