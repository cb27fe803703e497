import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type Tool = 'java' | 'javac' | 'mvn' | 'go'

/** The first executable of that name on the PATH. */
export function findTool(tool: Tool): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(folder, tool)
    if (isExecutable(candidate)) return candidate
  }
  return undefined
}

/** @throws Error when the tool is not on the PATH */
export function requireTool(tool: Tool): string {
  const found = findTool(tool)
  if (found === undefined) throw new Error(`${tool} is needed and is not on the PATH`)
  return found
}

/**
 * For `describe.skipIf`: true when a tool is missing, after a line that says so. With CI=true a missing tool is an error,
 * so that tests are never left out there unseen.
 */
export function lacksTools(...tools: Tool[]): boolean {
  const missing = tools.filter((tool) => findTool(tool) === undefined)
  if (missing.length === 0) return false
  const message = `${missing.join(', ')} not found on the PATH`
  if (process.env.CI === 'true') throw new Error(message)
  console.warn(`interop tests skipped: ${message}`)
  return true
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    // Not there, or not ours to run: the next folder of the PATH is looked at.
    return false
  }
}
