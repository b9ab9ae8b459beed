/** The API's own description, made from these declarations. */
import * as z from 'zod';
import { json, route } from './route.ts';

export const docsRoutes = {
  openapi: route({
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This API as an OpenAPI 3.1 document',
    who: 'public',
    answer: json(z.looseObject({ openapi: z.string(), paths: z.record(z.string(), z.unknown()) })),
  }),
  page: route({
    method: 'GET',
    path: '/api/docs',
    summary: 'This API as a page to read',
    who: 'public',
    answer: { kind: 'bytes', type: 'text/html', about: 'A page without scripts' },
  }),
};
