import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EmbeddedRocketMQ, startRocketMQ } from '../src/index.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const cache = join(root, '.cache')
const pages = ['messages', 'lite-topics', 'static-topics']

interface Example {
  readonly title: string
  readonly program: string
  readonly printed: string
}

/** Programs of a page, each with what the page says that it prints. */
function examplesOf(page: string): Example[] {
  const text = readFileSync(join(root, 'docs', `${page}.md`), 'utf8')
  return text.split(/^## /m).flatMap((section) => {
    const [title = ''] = section.split('\n')
    const blocks = [...section.matchAll(/```ts\n([\s\S]*?)```\n(?:\n```text\n([\s\S]*?)```)?/g)]
    return blocks.map(([, program, printed]) => {
      if (printed === undefined) throw new Error(`${page}, "${title}": a program without what it prints`)
      return { title, program: program!, printed }
    })
  })
}

describe.each(pages)('the examples in docs/%s.md run as printed:', { concurrent: true }, (page) => {
  let mq: EmbeddedRocketMQ
  let folder: string
  beforeAll(async () => {
    mq = await startRocketMQ({ brokerSettings: { idempotentProducerEnable: 'true', enableLmq: 'true' } })
    mkdirSync(cache, { recursive: true })
    // Below the repository, so that packages are found.
    folder = mkdtempSync(join(cache, 'examples-'))
  })
  afterAll(async () => {
    await mq?.close()
    rmSync(folder, { recursive: true })
  })

  test.each(examplesOf(page))('$title', async ({ title, program, printed }) => {
    const file = join(folder, `${title.toLowerCase().replaceAll(/\W+/g, '-')}.ts`)
    writeFileSync(file, program.replaceAll('127.0.0.1:9876', mq.nameServers))
    const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 240_000 })
    expect(stdout).toBe(printed)
  })
})
