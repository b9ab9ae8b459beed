import { expect, test } from 'vitest';
import { hostnameOf, isLoopback, isLoopbackName } from '../../shared/loopback.ts';

const addresses = ['localhost', 'LOCALHOST', '127.0.0.1', '127.255.255.254', '::1', '[::1]'];
const names = ['localhost.', 'app.localhost', 'App.LocalHost.'];
const others = [
  '',
  'example.com',
  'localhost.example.com',
  'notlocalhost',
  '127.0.0.1.example.com',
  '127.0.0',
  '127.0.0.256',
  '0.0.0.0',
  '::',
  '192.168.0.1',
];

test('only this machine reaches a listener on localhost or a loopback address, written in any way', () => {
  expect(addresses.filter((host) => !isLoopback(host))).toEqual([]);
  expect([...names, ...others].filter(isLoopback)).toEqual([]);
});

test('a client has dialled this machine also by a subdomain of localhost, or with a dot at the end', () => {
  expect([...addresses, ...names].filter((name) => !isLoopbackName(name))).toEqual([]);
  expect(others.filter(isLoopbackName)).toEqual([]);
});

test('the name in a header is read with its port, in an origin and in brackets, and what is none is null', () => {
  expect(['127.0.0.1:3000', 'http://localhost:3000', '[::1]:3000', 'null', 'http://', ':'].map(hostnameOf)).toEqual([
    '127.0.0.1',
    'localhost',
    '[::1]',
    'null',
    null,
    null,
  ]);
});
