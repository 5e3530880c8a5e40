// Records a capture: node bench/trace/record.mjs BASE SAMPLES [OPTIONS as JSON, of recordPpk2Like]
import { recordPpk2Like } from './support.mjs'

const [base, samples, options = '{}'] = process.argv.slice(2)
console.log(await recordPpk2Like(base, Number(samples), JSON.parse(options)))
