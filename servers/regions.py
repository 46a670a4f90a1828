"""The provider's regions as of this release, and where each is for the filing law (decision 8)."""

from servers.choices import Jurisdiction

_MAINLAND = {
    "ap-beijing": ("Beijing", "北京"),
    "ap-beijing-fsi": ("Beijing Finance", "北京金融"),
    "ap-changsha-ec": ("Changsha Edge Zone", "长沙边缘可用区"),
    "ap-chengdu": ("Chengdu", "成都"),
    "ap-chongqing": ("Chongqing", "重庆"),
    "ap-fuzhou-ec": ("Fuzhou Edge Zone", "福州边缘可用区"),
    "ap-guangzhou": ("Guangzhou", "广州"),
    "ap-guangzhou-open": ("Guangzhou Open", "广州 Open"),
    "ap-hangzhou-ec": ("Hangzhou Edge Zone", "杭州边缘可用区"),
    "ap-hefei-ec": ("Hefei Edge Zone", "合肥边缘可用区"),
    "ap-jinan-ec": ("Jinan Edge Zone", "济南边缘可用区"),
    "ap-nanjing": ("Nanjing", "南京"),
    "ap-qingyuan": ("Qingyuan", "清远"),
    "ap-shanghai": ("Shanghai", "上海"),
    "ap-shanghai-fsi": ("Shanghai Finance", "上海金融"),
    "ap-shenyang-ec": ("Shenyang Edge Zone", "沈阳边缘可用区"),
    "ap-shenzhen": ("Shenzhen", "深圳"),
    "ap-shenzhen-fsi": ("Shenzhen Finance", "深圳金融"),
    "ap-shijiazhuang-ec": ("Shijiazhuang Edge Zone", "石家庄边缘可用区"),
    "ap-tianjin": ("Tianjin", "天津"),
    "ap-wuhan-ec": ("Wuhan Edge Zone", "武汉边缘可用区"),
    "ap-xian-ec": ("Xi'an Edge Zone", "西安边缘可用区"),
    "ap-xibei-ec": ("Northwest China Edge Zone", "西北边缘可用区"),
    "ap-zhengzhou-ec": ("Zhengzhou Edge Zone", "郑州边缘可用区"),
}
_OVERSEAS = {
    "ap-bangkok": ("Bangkok", "曼谷"),
    "ap-jakarta": ("Jakarta", "雅加达"),
    "ap-mumbai": ("Mumbai", "孟买"),
    "ap-seoul": ("Seoul", "首尔"),
    "ap-singapore": ("Singapore", "新加坡"),
    "ap-tokyo": ("Tokyo", "东京"),
    "eu-frankfurt": ("Frankfurt", "法兰克福"),
    "eu-moscow": ("Moscow", "莫斯科"),
    "me-saudi-arabia": ("Saudi Arabia", "沙特阿拉伯"),
    "na-ashburn": ("Virginia", "弗吉尼亚"),
    "na-siliconvalley": ("Silicon Valley", "硅谷"),
    "na-toronto": ("Toronto", "多伦多"),
    "sa-saopaulo": ("São Paulo", "圣保罗"),
}
_NEAR = {
    "ap-hongkong": (Jurisdiction.HONG_KONG, "Hong Kong, China", "中国香港"),
    "ap-taipei": (Jurisdiction.TAIWAN, "Taipei, China", "中国台北"),
}

# code → (jurisdiction, English name, Chinese name)
REGIONS: dict[str, tuple[Jurisdiction, str, str]] = {
    **{code: (Jurisdiction.MAINLAND, *names) for code, names in _MAINLAND.items()},
    **_NEAR,
    **{code: (Jurisdiction.OVERSEAS, *names) for code, names in _OVERSEAS.items()},
}
