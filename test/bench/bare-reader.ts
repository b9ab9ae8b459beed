// What reading a small file over a unix socket takes without any of our parts. Arguments: a socket, a file.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const [socket = '', file = ''] = process.argv.slice(2);

createServer(async (_request, response) => {
  const text = await readFile(file, 'utf8');
  response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify({ text }));
}).listen(socket, () => process.stdout.write('listening\n'));
