import { localUrl } from '../config/local-url.ts';
import { readSettings } from '../config/settings.ts';
import { readEnrolment } from '../launcher/state/enrolment.ts';

/** The edge that this machine belongs to: the one it is enrolled at, else the one that `openagent up` starts here. */
export const ownEdge = async (environment: NodeJS.ProcessEnv): Promise<string> => {
  const { files, host, port } = readSettings(environment);
  return (await readEnrolment(files.host))?.url ?? localUrl(host, port);
};
