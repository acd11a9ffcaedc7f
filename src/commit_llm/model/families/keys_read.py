"""Keys of a config.json that transformers reads, by model_type; written by `python -m tests.parity.keys_read`."""

TRANSFORMERS = "5.24.0"

OF_ALL = frozenset({
    "_attn_implementation", "_attn_implementation_internal", "_auto_class", "_commit_hash",
    "_experts_implementation", "_experts_implementation_internal", "_heterogeneity_spec", "_name_or_path",
    "_output_attentions", "_post_init_done", "_rope_type_labels", "allow_global_per_layer_attribute_access",
    "architectures", "attention_chunk_size", "attention_dropout", "attn_implementation", "bos_token_id",
    "chunk_size_feed_forward", "default_rope_type", "default_theta", "dtype", "embed_dim", "eos_token_id",
    "experts_implementation", "head_dim", "hidden_size", "id2label", "ignore_keys_at_rope_validation",
    "initializer_range", "intermediate_size", "is_causal", "is_encoder_decoder", "is_heterogeneous",
    "kv_sharing_modes", "label2id", "layer_types", "max_position_embeddings", "model_type", "name_or_path",
    "num_attention_heads", "num_heads", "num_hidden_layers", "num_key_value_heads", "num_labels",
    "number_of_conv_states", "original_max_position_embeddings", "output_attentions", "output_hidden_states",
    "pad_token_id", "partial_rotary_factor", "per_layer_attributes", "per_layer_config", "problem_type",
    "quantization_config", "return_dict", "rms_norm_eps", "rope_parameters", "rope_scaling", "rope_theta",
    "serialize_explicit_per_layer_config", "sliding_window", "sub_configs", "sub_configs_defaults",
    "tie_word_embeddings", "torch_dtype", "transformers_version", "use_cache", "vocab_size"
})  # fmt: skip
OF_FAMILY: dict[str, frozenset[str]] = {
    "llama": frozenset({
        "attention_bias", "hidden_act", "mlp_bias", "pretraining_tp"
    }),
    "mistral": frozenset({
        "hidden_act"
    }),
    "qwen2": frozenset({
        "hidden_act", "max_window_layers", "use_sliding_window"
    }),
    "qwen3": frozenset({
        "attention_bias", "hidden_act", "max_window_layers", "use_sliding_window"
    }),
    "gemma": frozenset({
        "attention_bias", "hidden_act", "use_bidirectional_attention"
    }),
    "gemma2": frozenset({
        "attention_bias", "attn_logit_softcapping", "final_logit_softcapping", "hidden_activation",
        "query_pre_attn_scalar", "use_bidirectional_attention"
    }),
    "gemma3_text": frozenset({
        "_sliding_window_pattern", "attention_bias", "attn_logit_softcapping", "final_logit_softcapping",
        "hidden_activation", "image_token_id", "mm_tokens_per_image", "query_pre_attn_scalar", "rope_local_base_freq",
        "sliding_window_pattern", "text_config", "use_bidirectional_attention", "vision_config"
    }),
    "olmo2": frozenset({
        "attention_bias", "hidden_act"
    }),
    "olmo3": frozenset({
        "attention_bias", "hidden_act"
    }),
    "smollm3": frozenset({
        "attention_bias", "hidden_act", "mlp_bias", "no_rope_layer_interval", "no_rope_layers", "use_sliding_window"
    }),
    "granite": frozenset({
        "attention_bias", "attention_multiplier", "embedding_multiplier", "hidden_act", "logits_scaling", "mlp_bias",
        "residual_multiplier"
    }),
}  # fmt: skip
KEYS_READ = {model_type: OF_ALL | keys for model_type, keys in OF_FAMILY.items()}
