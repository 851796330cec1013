"""For those who write codecs and stores: contract classes to inherit tests from.

They need pytest, and are imported one by one: ``from zarrpy.testing.codec_contract import
CodecContract``.
"""
