"""Addresses under /api/v1/."""

from django.urls import path

from marketdata.api import depth, instruments, quotes

urlpatterns = [
    path("instruments/", instruments.Instruments.as_view(), name="instruments"),
    path("instruments/<str:symbol>/", instruments.OneInstrument.as_view(), name="instrument"),
    path("quotes/", quotes.Quotes.as_view(), name="quotes"),
    path("quotes/<str:symbol>/", quotes.OneQuote.as_view(), name="quote"),
    path("depth/<str:symbol>/", depth.OneDepth.as_view(), name="depth"),
    path("chains/<str:underlying>/", quotes.OptionChain.as_view(), name="chain"),
]
