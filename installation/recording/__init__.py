"""Recording: a take is a folder that can be read at any moment, also after the machine died in the middle of it.

| file | what it holds |
| --- | --- |
| take.json | manifest (title, scene, seed, model, versions …), started, ended and why, frames and dropped |
| scene.toml | the scene, letter by letter |
| frames-0000.mkv … | the pictures with their true times, one file per segment |
| frames.jsonl | one line per picture that is safely in a segment: its serial, generation, phase and temperature |
| log.jsonl | every message, every generation and every event, one line each |
| lineage-000.safetensors … | the state of the loop with which each lineage begins, put there by the engine |
"""
