import { StartError } from '../../config/start-error.ts';
import { probePort } from '../../process/probe-port.ts';

/**
 * Checks that `host`:`port` can be listened on and returns the port (a free one for 0), so that a port in use is one
 * sentence here and not a stack trace of workerd. Throws StartError.
 */
export const claimPort = async (host: string, port: number): Promise<number> => {
  try {
    return await probePort(host, port);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    throw new StartError(`Open Agent can't listen on ${host} port ${port}: ${reason(code)}`, { cause: error });
  }
};

const reason = (code: unknown): string => {
  switch (code) {
    case 'EADDRINUSE':
      return 'the port is in use. Stop what uses it, or set PORT to another one.';
    case 'EACCES':
      return 'this user may not use that port. Set PORT to one above 1023.';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'this machine has no such address. Set HOST to one of its own, for example 127.0.0.1.';
    default:
      return `${code}. Set PORT and HOST to an address of this machine.`;
  }
};
