#!/usr/bin/env node
// Runs on any Node since 18. Running TypeScript as it is takes Node 24: an older Node starts the Node that is installed
// with the packages.
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { isatty } from 'node:tty'
import { fileURLToPath } from 'node:url'

const nodeMajorMin = 24

// Ignores the hang-up of the terminal from the first moment on: Node has just reset what nohup had set. See also
// src/run-until-stopped.ts.
if (!isatty(0)) process.on('SIGHUP', () => {})

if (Number(process.versions.node.split('.')[0]) >= nodeMajorMin) await import('../src/main.ts')
else runOnInstalledNode()

function runOnInstalledNode() {
  // The child ends when its launcher is gone, for whatever reason: src/parent-process.ts.
  const env = { ...process.env, ROCKETMQ_LAUNCHER_PID: String(process.pid) }
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const child = spawn(installedNode(), args, { stdio: 'inherit', env })
  child.on('error', (error) => fail(error.message))
  // A Ctrl-C at the terminal reaches the child directly as well; it counts signals in quick succession as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
}

function installedNode() {
  try {
    const name = process.platform === 'win32' ? 'node.exe' : 'node'
    return join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', name)
  } catch {
    return fail('the packages are not installed: run "npm install" in the folder of rocketmq-ts')
  }
}

function fail(reason) {
  console.error(`rocketmq needs Node ${nodeMajorMin}, this is ${process.versions.node}, and ${reason}`)
  process.exit(1)
}
