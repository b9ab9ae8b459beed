import { localUrl } from '../config/loopback.ts';
import type { Settings } from '../config/settings.ts';
import type { Log } from '../process/log.ts';
import { type ContainmentMeans, containmentMeans } from '../process/namespace.ts';
import { privateDirectory } from '../process/private-file.ts';
import { enrol, type HostFile } from './enrolment.ts';
import { type Lock, takeLock } from './lock.ts';
import { openLogFiles } from './log-files.ts';
import { claimPort } from './port.ts';
import { prepareSecrets, type Secrets } from './secrets.ts';

/** What stands before the first process is started. */
export interface Ground {
  settings: Settings;
  lock: Lock;
  log: Log;
  /** File for the output of a child. */
  logFileOf(role: string): string;
  secrets: Secrets;
  port: number;
  /** The edge as this machine reaches it. */
  url: string;
  host: HostFile;
  means: ContainmentMeans;
}

/** Takes the state directory and the port for this start. Rejects with a sentence for the person when one is not to be had. */
export const prepareGround = async (settings: Settings): Promise<Ground> => {
  const { files } = settings;
  await privateDirectory(files.dir);
  const lock = await takeLock(files);
  try {
    const { log, fileOf } = openLogFiles(files.logs);
    const port = await claimPort(settings.host, settings.port);
    const url = localUrl(settings.host, port);
    return {
      settings,
      lock,
      log,
      logFileOf: fileOf,
      secrets: await prepareSecrets(settings),
      port,
      url,
      host: await enrol(files.host, url),
      means: await containmentMeans(),
    };
  } catch (error) {
    lock.close();
    throw error;
  }
};
