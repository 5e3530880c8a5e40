"""Reads a converted trace as others do: python3 read-parquet.py FILE (needs duckdb, pandas, pyarrow, fastparquet)."""
import json
import sys

import duckdb
import fastparquet
import pandas
import pyarrow

path = sys.argv[1]
count, mean, last, high = duckdb.sql(
    f"SELECT count(*), avg(power_w), max(sample), sum(digital & 1) FROM '{path}' WHERE NOT isnan(power_w)"
).fetchone()
print(f"DuckDB {duckdb.__version__}: {count} samples, last {last}, mean {mean:.9f} W, D0 high in {high:.0f}")
((text,),) = duckdb.sql(
    f"SELECT decode(value) FROM parquet_kv_metadata('{path}') WHERE decode(key) = 'milliwatt'"
).fetchall()
facts = json.loads(text)["facts"]
print(f"  {facts['sampleRateHz']} Hz, {facts['supplyV']} V, {len(facts['windows'])} windows, meter {facts['meter']}")
for engine, version in (("pyarrow", pyarrow.__version__), ("fastparquet", fastparquet.__version__)):
    frame = pandas.read_parquet(path, engine=engine)
    mean = frame.power_w.astype("float64").mean()
    high = int((frame.digital.astype("uint8") & 1).sum())
    print(f"pandas {pandas.__version__}, {engine} {version}: {len(frame)} samples, last {frame['sample'].max()}, "
          f"mean {mean:.9f} W, D0 high in {high}")
