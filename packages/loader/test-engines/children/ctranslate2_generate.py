"""CTranslate2 reads the language model in the directory at WEIGHTSEAL_MODEL_PATH, and prints the logits after a prompt."""

import json
import os

import ctranslate2

generator = ctranslate2.Generator(os.environ["WEIGHTSEAL_MODEL_PATH"], "cpu", intra_threads=1)
prompt = ["<s>", "token-7", "token-77"]
(generated,) = generator.generate_batch([prompt], max_length=16, min_length=16, return_scores=True)
(scored,) = generator.score_batch([[*prompt, *generated.sequences[0]]])
print(json.dumps([generated.sequences, generated.scores, scored.log_probs]))
