"""Runs of execution algorithms: started by a person, worked by one engine, stopped by anybody who may."""
