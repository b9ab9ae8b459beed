import type { ServerResponse } from 'node:http';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';

/**
 * What the SDK's server says to one request, as events of the answer to its POST; the result ends that. The SDK's own
 * goes by the web's requests, answers and streams, which is a third of what a small call costs the hands.
 */
export const eventsOf = (response: ServerResponse): Transport => {
  const transport: Transport = {
    start: async () => undefined,
    send: async (message) => {
      if (response.destroyed) return; // Who is gone is told nothing.
      const event = `event: message\ndata: ${JSON.stringify(message)}\n\n`;
      if (!response.headersSent)
        response.writeHead(200, {
          'content-type': 'text/event-stream',
          'cache-control': 'no-cache',
          connection: 'close',
        });
      if ('method' in message) response.write(event);
      else response.end(event);
    },
    close: async () => transport.onclose?.(),
  };
  return transport;
};
