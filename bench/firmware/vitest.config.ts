import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { include: ['bench/firmware/*.run.ts'], testTimeout: 3_600_000 } })
