"""What a page's address may ask for."""

from django import forms


class TrailForm(forms.Form):
    """What the audit list is narrowed by."""

    text = forms.CharField(max_length=120, required=False)
    action = forms.CharField(max_length=60, required=False)
    account = forms.SlugField(max_length=20, required=False)
    before = forms.IntegerField(min_value=1, required=False)


class PositionForm(forms.Form):
    """Which position is meant."""

    account = forms.SlugField(max_length=20)
    symbol = forms.CharField(max_length=21)


class PageForm(forms.Form):
    """Which page of a long list."""

    page = forms.IntegerField(min_value=1, max_value=10_000, required=False)
