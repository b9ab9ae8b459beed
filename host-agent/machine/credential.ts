import { randomBytes } from 'node:crypto';
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import { NoAnswer } from '../cli/edge-api.ts';
import type { HostFile } from '../launcher/state/enrolment.ts';

const answerMs = 10_000;

/**
 * Whether the edge lets this server dial its link, found out by the first half of a dial: without a `hello` nothing
 * changes at the edge, and a host-agent that is connected stays so. Throws NoAnswer when the edge is away.
 */
export const isAccepted = ({ url, id, credential }: Pick<HostFile, 'url' | 'id' | 'credential'>): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${id}.${credential}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
    };
    const request = url.startsWith('https:') ? overHttps : overHttp;
    const dial = request(`${url}/api/host/link`, { headers, timeout: answerMs });
    dial.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve(true);
    });
    dial.on('response', (response) => {
      response.resume();
      if (response.statusCode === 401) resolve(false);
      else reject(new NoAnswer(`The edge at ${url} answers the link with ${response.statusCode}.`));
    });
    dial.on('timeout', () => dial.destroy(new Error(`nothing within ${answerMs / 1000} s`)));
    dial.on('error', (error) => reject(new NoAnswer(`The edge at ${url} does not answer the link: ${error.message}.`)));
    dial.end();
  });
