import * as z from 'zod';
import { declare } from './declared.ts';

export const declaredWebfetch = declare({
  name: 'webfetch',
  description: `Gets a page or file from the web, or from a server on this machine, by HTTP GET.

- A page of HTML comes as Markdown, or as \`format\` says. Images are shown. Other files that are no text are put into a file that is named.
- The address is used as it is, http too: a development server on localhost can be looked at.
- At most 5 MB. What is long is cut, and all of it is then in a file that is named. For larger files, other methods or headers use bash with curl.`,
  args: {
    url: z.string().describe('The whole address, with http:// or https://'),
    format: z.enum(['markdown', 'text', 'html']).default('markdown').describe('What a page of HTML is turned into'),
    timeout: z.number().positive().optional().describe('How many seconds to wait at most; 60 if absent'),
  },
});

export const declaredWorkspaceFetchUrl = declare({
  name: 'workspace_fetch_url',
  description:
    'Gets a page or file by HTTP GET. HTML comes as text. What is over 20,000 characters is put into a file that is named, ' +
    'and its beginning is shown.',
  args: { url: z.string().describe('The whole address, with http:// or https://') },
});
