import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { packAll } from '../src/pack.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Paths, in the order of `publishedPackages`. */
    readonly tarballs: string[]
  }
}

/** Builds the published packages. It throws when a public interface is not that of its report. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'packages-'))
  project.provide('tarballs', await packAll(folder))
  return () => rmSync(folder, { recursive: true })
}
