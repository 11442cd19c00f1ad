"""HL7's own definitions of FHIR (CC0), for making the table of elements and for testing that it is complete.

They come as jars from Maven Central, fetched and checked as the broker's jars are. Nothing of them is needed to run.
"""
