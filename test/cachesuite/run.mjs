#!/usr/bin/env node
// Runs the suite against a caching proxy that listens already.
//
// The suite's own client waits for ever for a proxy that does not answer, and its server listens on
// every interface. Here each request and the whole run have a limit, and the origin is on loopback.

import net from 'node:net'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { devNull } from 'node:os'
import { parseArgs } from 'node:util'
import { die, openSuite, testsById, withNeeds } from './suite.mjs'

const usage = `usage: run.mjs SUITE_DIR PROXY_URL [options]
  --origin PORT       run the suite's origin too, on 127.0.0.1:PORT, while the tests run
  --out FILE          where the results go: {test id: true, or [kind of error, message]} (default: standard output)
  --only ID,...       only these tests, and those that they depend on
  --chunk N           tests at a time (default 25)
  --timeout SECONDS   of one request (default 10)
  --deadline SECONDS  of the run: then it writes what it has and exits 3 (default 300)`

function options () {
  const number = (name, initial) => {
    const n = Number(values[name] ?? initial)
    return Number.isInteger(n) && n > 0 ? n : die(`--${name} takes a whole number above 0\n${usage}`)
  }
  const texts = ['origin', 'out', 'only', 'chunk', 'timeout', 'deadline']
  let values, positionals
  try {
    ({ values, positionals } = parseArgs({ allowPositionals: true, options: Object.fromEntries(texts.map(t => [t, { type: 'string' }])) }))
  } catch (e) {
    die(`${e.message}\n${usage}`)
  }
  if (positionals.length !== 2) die(usage)
  return {
    suite: positionals[0],
    proxy: positionals[1].replace(/\/+$/, ''),
    out: values.out,
    only: values.only?.split(','),
    origin: values.origin === undefined ? undefined : number('origin'),
    chunk: number('chunk', 25),
    timeout: number('timeout', 10) * 1000,
    deadline: number('deadline', 300) * 1000
  }
}

// startOrigin runs the suite's server in this process. It takes its settings from what npm would have
// put into the environment, and names no address to listen on: hence the detour.
async function startOrigin (suite, port) {
  const listen = net.Server.prototype.listen
  net.Server.prototype.listen = function (_, ...rest) { return listen.call(this, { port, host: '127.0.0.1' }, ...rest) }
  Object.assign(process.env, {
    npm_config_protocol: 'http',
    npm_config_port: String(port),
    npm_config_pidfile: devNull
  })
  await suite.engine('server', 'server.mjs')
  for (let left = 50; !await accepts(port); left--) {
    if (left === 0) die(`the origin does not accept on 127.0.0.1:${port}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

function accepts (port) {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => { socket.destroy(); resolve(true) })
    socket.on('error', () => resolve(false))
  })
}

const o = options()
console.log = console.error // the suite talks; standard output is for the results
const suite = openSuite(o.suite)
let groups = await suite.groups()
if (o.only) {
  let ids
  try {
    ids = withNeeds(testsById(groups), o.only)
  } catch (e) {
    die(e.message)
  }
  groups = groups.map(g => ({ ...g, tests: g.tests.filter(t => ids.has(t.id)) }))
}
if (o.origin) await startOrigin(suite, o.origin)
const { runTests, getResults } = await suite.engine('client', 'runner.mjs')

// The origin and idle connections would keep the process: it is ended, not left to end.
function finish (code) {
  writeFileSync(o.out ?? 1, JSON.stringify(getResults(), null, 2) + '\n')
  process.exit(code)
}
setTimeout(() => {
  console.error(`not done after ${o.deadline / 1000} s`)
  finish(3)
}, o.deadline)

if (suite.nested) {
  await runTests(groups, false, o.proxy, o.chunk) // limits its requests to 10 s itself
} else {
  const fetch = createRequire(suite.manifest)('node-fetch')
  const limited = (url, init) => fetch(url, { ...init, signal: AbortSignal.timeout(o.timeout) })
  await runTests(groups, limited, false, o.proxy, o.chunk)
}
finish(0)
